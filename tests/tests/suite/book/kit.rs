//! Tests as authors write them with the test kit: the page about testing has them.

use plugin_sdk::{
    hooks::{ToolPostInvoke, ToolPreInvoke},
    prelude::*,
    testing::{AssertResult, TestPlugin, configured, on_every_transport},
};
use plugin_sdk_tests::book::word_guard::WordGuard;
use serde_json::json;

#[tokio::test]
async fn a_forbidden_word_denies_the_call() {
    let settings = json!({"replace": "crap", "with": "nice", "forbidden": ["secret"]});
    let plugin = TestPlugin::new(configured::<WordGuard>(settings).await.unwrap());

    let payload = ToolPreInvokePayload::new("search").with_arg("query", "the SECRET plan");
    let answer = plugin.call::<ToolPreInvoke>(payload).await;

    assert_eq!(
        answer.assert_denied("FORBIDDEN_WORD").details["argument"],
        "query"
    );
}

#[tokio::test]
async fn the_post_hook_finds_what_the_pre_hook_left() {
    let settings = json!({"replace": "crap", "with": "nice"});
    let plugin = TestPlugin::new(configured::<WordGuard>(settings).await.unwrap());
    let mut context = PluginContext::new("request-1").with_user("jane@example.com");

    let before = ToolPreInvokePayload::new("search").with_arg("query", "a crap day");
    let answer = plugin
        .call::<ToolPreInvoke>(before)
        .with_context(&mut context)
        .await;
    answer.assert_modified_to(json!({"name": "search", "args": {"query": "a nice day"}}));

    let after = ToolPostInvokePayload::new("search", "found");
    let answer = plugin
        .call::<ToolPostInvoke>(after)
        .with_context(&mut context)
        .await;
    assert_eq!(answer.assert_allowed().metadata["changed"], 1);
}

#[tokio::test]
async fn it_answers_the_same_over_every_transport() {
    let settings = json!({"replace": "crap", "with": "nice"});
    let make = async || configured::<WordGuard>(&settings).await.unwrap();
    on_every_transport(make, async |plugin| {
        let payload = ToolPreInvokePayload::new("search").with_arg("query", "a crap day");
        plugin.call::<ToolPreInvoke>(payload).await.assert_modified();
    })
    .await;
}

#[tokio::test]
async fn settings_are_checked() {
    let settings = json!({"replace": "crap", "whit": "nice"});
    let error = configured::<WordGuard>(settings).await.err().unwrap();
    assert!(error.message().contains("unknown field `whit`"), "{error}");
}

#[tokio::test]
async fn the_method_alone_is_enough_for_a_plugin_without_settings() {
    #[plugin(hooks = [tool_pre_invoke])]
    #[derive(Default)]
    struct PassThrough;

    impl PassThrough {
        async fn tool_pre_invoke(
            &self,
            _payload: ToolPreInvokePayload,
            _context: &mut PluginContext,
        ) -> HookResult<ToolPreInvokePayload> {
            Ok(PluginResult::allow())
        }
    }

    let mut context = PluginContext::new("request-1");
    let answer = PassThrough
        .tool_pre_invoke(ToolPreInvokePayload::new("search"), &mut context)
        .await;
    answer.assert_allowed();
}
