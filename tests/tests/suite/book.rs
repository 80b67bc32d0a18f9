//! The book in `docs` and the README are true: what they show is run, compared and built. `rules` says how, for every block of code.

mod blocks;
mod build;
mod commands;
mod dependencies;
mod files;
mod frames;
mod hooks;
mod kit;
mod links;
mod messages;
mod migration;
mod output;
mod place;
mod rules;

use std::{fs, path::Path};

use blocks::{Block, blocks};

use crate::readme::{read, root};

/// The README and the pages of the book, by their paths in the checkout.
fn pages() -> Vec<String> {
    let mut pages: Vec<String> = fs::read_dir(root().join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|ending| ending == "md"))
        .map(|name| format!("docs/{name}"))
        .collect();
    pages.push("README.md".into());
    pages.sort();
    pages
}

/// All blocks of code of a page.
fn blocks_of(page: &str) -> Vec<Block> {
    blocks(page, &read(page))
}
