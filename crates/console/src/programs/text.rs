//! Small programs that read text and print it in another form.

pub(super) mod base64;
pub(super) mod cat;
pub(super) mod column;
pub(super) mod comm;
pub(super) mod cut;
pub(super) mod expr;
pub(super) mod head;
pub(super) mod lines;
pub(super) mod names;
pub(super) mod paste;
pub(super) mod read;
pub(super) mod screen;
pub(super) mod seq;
pub(super) mod sort;
pub(super) mod sums;
pub(super) mod tail;
pub(super) mod tee;
pub(super) mod tr;
pub(super) mod uniq;
pub(super) mod wc;
pub(super) mod who;
