use super::*;
use clap::Parser;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    args: MailArgs,
}

async fn beckon(words: &[&str]) -> Result<(), String> {
    let command = Command::try_parse_from(["mail"].iter().chain(words)).map_err(|error| error.to_string())?;
    run(command.args).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_folder_is_begun_checked_broken_and_shown() {
    let home = tempfile::tempdir().unwrap();
    let (folder, out) = (home.path().join("mails"), home.path().join("out"));
    let (folder_name, out_name) = (folder.to_str().unwrap(), out.to_str().unwrap());
    beckon(&["preview", "--write-built-in", folder_name]).await.unwrap();
    let again = beckon(&["preview", "--write-built-in", folder_name]).await.unwrap_err();
    assert!(again.contains("is there already"), "{again}");
    beckon(&["check", folder_name]).await.unwrap();

    let persona = home.path().join("jo.json");
    let text = r#"{"locale": "de-CH", "first_name": "Jo", "cart_url": "https://shop.example/c", "discount": 15,
        "cart": [{"name": "Zelt", "price": "129 CHF", "url": "https://shop.example/z"}, {"name": "<b>", "url": "https://x@y"}]}"#;
    std::fs::write(&persona, text).unwrap();
    let by_persona =
        ["preview", "--content", folder_name, "--out", out_name, "--persona", persona.to_str().unwrap()];
    beckon(&by_persona).await.unwrap();
    let shown = std::fs::read_to_string(out.join("persona-step-1.txt")).unwrap();
    for said in
        ["Guten Tag Jo,", "CHF\u{a0}129.00", "15 % Rabatt", "https://shop.example/z?decision_id=mail.0000"]
    {
        assert!(shown.contains(said), "{said} is missing in {shown}");
    }
    assert!(!shown.contains("x@y"), "{shown}");
    let eml = std::fs::read_to_string(out.join("persona-step-1.eml")).unwrap();
    assert!(eml.contains("From: shop@shop.invalid") && eml.contains("multipart/alternative"), "{eml}");
    beckon(&["preview", "--content", folder_name, "--out", out_name, "--locale", "en", "--step", "2"])
        .await
        .unwrap();
    assert!(out.join("en-step-2.html").exists());

    std::fs::write(folder.join("en/reminder.txt"), "Hello {{ nobody }}").unwrap();
    let wrong = beckon(&["check", folder_name]).await.unwrap_err();
    assert!(wrong.contains("mails/en/reminder.txt:1: there is no variable `nobody`"), "{wrong}");
    assert!(
        beckon(&["publish", folder_name, "--endpoint", "http://127.0.0.1:1"])
            .await
            .unwrap_err()
            .contains("nobody")
    );
    let missing = beckon(&["check", out.join("none").to_str().unwrap()]).await.unwrap_err();
    assert!(missing.contains("name a folder with a mail.yaml"), "{missing}");
}

#[tokio::test]
async fn a_test_mail_goes_to_one_address() {
    for to in ["", "a@b, c@d", "a\r\nBcc: x@y"] {
        let refused = beckon(&["test-send", "--to", to]).await.unwrap_err();
        assert!(refused.contains("not one e-mail address"), "{refused}");
    }
}
