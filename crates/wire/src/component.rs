use super::{Answer, Ctx, Timer, Token, WatchEvent};
use api::event::EventDraft;
use api::object::{Kind, Object};
use api::status_error::StatusError;

/// A process that talks to the API server: what it is told, each time with the [`Ctx`] for its effects.
pub trait Component {
    /// The process starts.
    fn start(&mut self, ctx: &mut Ctx);

    /// The connection to the API server is there, or is there again.
    fn on_connected(&mut self, _ctx: &mut Ctx) {}

    /// The connection to the API server has broken.
    fn on_disconnected(&mut self, _ctx: &mut Ctx) {}

    /// All objects of a kind: at first, and after the watch was interrupted.
    fn on_list(&mut self, kind: Kind, objects: Vec<Object>, ctx: &mut Ctx);

    /// An object has come, changed or gone.
    fn on_watch(&mut self, event: &WatchEvent, ctx: &mut Ctx);

    /// The answer to the request with this token.
    fn on_answer(&mut self, token: Token, answer: Answer, ctx: &mut Ctx);

    /// The API server refused an event that the process had posted.
    fn on_event_rejected(&mut self, _event: &EventDraft, _error: &StatusError, _ctx: &mut Ctx) {}

    /// What it asked to be reminded of is due.
    fn on_timer(&mut self, timer: Timer, ctx: &mut Ctx);
}
