//! What the policy builder and the types of IDs do not let happen does not compile, and the compiler says why.

#[test]
#[ignore = "slow, it builds its dependencies anew: add -- --ignored"]
fn useless_policies_do_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
}

#[test]
#[ignore = "slow, it builds its dependencies anew: add -- --ignored"]
fn an_id_of_another_kind_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/ids/*.rs");
}

#[test]
#[ignore = "slow, it builds its dependencies anew: add -- --ignored"]
fn a_tool_that_no_agent_can_call_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/tools/*.rs");
}
