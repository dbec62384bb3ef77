//! What is done beside rendering an answer. A Lambda freezes once it has answered, so all of it is waited for, as long as the
//! request's time lasts.

use std::future::Future;
use std::pin::Pin;

/// Work that ends by itself, or when the request's time is over.
pub type Work<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// All of it: none, or several at once.
#[derive(Default)]
pub struct Beside<'a> {
    works: Vec<Work<'a>>,
}

impl<'a> Beside<'a> {
    /// One more.
    #[must_use]
    pub fn and(mut self, work: impl Future<Output = ()> + Send + 'a) -> Self {
        self.works.push(Box::pin(work));
        self
    }

    /// Does all of it at once.
    pub async fn done(self) {
        let mut works = self.works;
        std::future::poll_fn(|context| {
            works.retain_mut(|work| work.as_mut().poll(context).is_pending());
            if works.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}
