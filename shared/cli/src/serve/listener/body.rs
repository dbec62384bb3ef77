//! Bodies that tell their connection's seat how far they are.

use super::seats::{Doing, Seat};
use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::oneshot;

/// A request's body. Its `whole` resolves when nothing more of it is wanted or comes.
pub(super) struct Asked {
    inner: Incoming,
    seat: Arc<Seat>,
    whole: Option<oneshot::Sender<()>>,
}

impl Asked {
    pub(super) fn new(inner: Incoming, seat: Arc<Seat>) -> (Self, oneshot::Receiver<()>) {
        let (sender, whole) = oneshot::channel();
        let mut asked = Self { inner, seat, whole: Some(sender) };
        if asked.inner.is_end_stream() {
            asked.end();
        }
        (asked, whole)
    }

    fn end(&mut self) {
        if self.whole.take().is_some() {
            self.seat.begin(Doing::Answering);
        }
    }
}

impl HttpBody for Asked {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        if let Some(Ok(frame)) = &frame {
            self.seat.hold(frame.data_ref().map_or(0, Bytes::len));
        }
        if frame.is_none() || self.inner.is_end_stream() {
            self.end();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.end();
    }
}

/// An answer's body. Once it is written or given up, its connection waits for the client again.
pub(super) struct Answered {
    inner: Body,
    seat: Arc<Seat>,
}

impl Answered {
    pub(super) fn new(inner: Body, seat: Arc<Seat>) -> Self {
        Self { inner, seat }
    }
}

impl HttpBody for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        self.seat.let_go();
        self.seat.begin(Doing::Waiting);
    }
}
