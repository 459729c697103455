//! Files for a person to keep: one as it is, or all of them as an archive.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::model::DocId;
use crate::page::Page;
use crate::state::{FrontAction, Notice};

#[wasm_bindgen(module = "/web/download.js")]
extern "C" {
    #[wasm_bindgen(js_name = downloadBytes)]
    fn download_bytes(name: &str, bytes: &Uint8Array);
    /// `files` are pairs of a path and bytes.
    #[wasm_bindgen(js_name = downloadZip, catch)]
    async fn download_zip(name: &str, files: &Array, language: &str) -> Result<(), JsValue>;
}

const ARCHIVE: &str = "kubestage.zip";

/// A file with what was typed into it, saved or not; without one all files together.
pub fn download(page: &Page, what: Option<DocId>) {
    match what {
        None => download_all(page),
        Some(id) => {
            if let Some(bytes) = bytes_of(page, &id) {
                let name = id.shown().rsplit('/').next().unwrap_or_default();
                download_bytes(name, &Uint8Array::from(&*bytes));
            }
        }
    }
}

fn bytes_of(page: &Page, id: &DocId) -> Option<Vec<u8>> {
    if let Some(text) = page.stores.desk.now().text(id) {
        return Some(text.as_bytes().to_vec());
    }
    let DocId::Node { node, path } = id else { return None };
    let session = page.assist.0.try_borrow().ok()?;
    let file = session.stage.cluster().machine(node)?.files.file(path)?;
    Some(file.bytes.to_vec())
}

fn download_all(page: &Page) {
    let Ok(session) = page.assist.0.try_borrow() else { return };
    let desk = page.stores.desk.now();
    let own: Vec<(&str, &str)> = desk.own.iter().map(|file| (&*file.name, &*file.text)).collect();
    let files = Array::new();
    for (path, bytes) in session.stage.export(&own) {
        files.push(&Array::of2(&path.into(), &Uint8Array::from(bytes.as_bytes())));
    }
    let page = page.clone();
    spawn_local(async move {
        if download_zip(ARCHIVE, &files, page.lang.code()).await.is_err() {
            page.act(FrontAction::Notice(Notice::NotFetched));
        }
    });
}
