//! The places of large models: memory and a folder keep the same promises. S3's adapter shares their keys.

use beckon_store::ErrorKind;
use beckon_store::contract;
use beckon_store::models::ModelObjects;
use beckon_store::models::folder::FolderModels;
use beckon_store::models::memory::MemoryModels;

#[tokio::test]
async fn memory_keeps_the_contract_of_models() {
    contract::model_objects(&MemoryModels::default()).await;
}

#[tokio::test]
async fn a_folder_keeps_the_contract_of_models() {
    let folder = tempfile::tempdir().unwrap();
    contract::model_objects(&FolderModels::new(folder.path().join("models"))).await;
}

#[tokio::test]
async fn a_key_that_would_leave_the_folder_is_neither_written_nor_read() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "x").unwrap();
    let models = FolderModels::new(outside.path().join("models"));
    for key in ["../secret", "/etc/hostname", ""] {
        let refused = models.put_model(key, b"x".to_vec()).await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::Refused, "{key:?}");
        assert_eq!(models.model_object(key, 100).await.unwrap(), None, "{key:?}");
    }
}
