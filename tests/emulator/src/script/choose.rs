//! Which reply a message gets.

use crate::script::reply::Reply;
use crate::script::script::Script;

/// How often each rule of a script was used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Used(Vec<u32>);

impl Script {
    /// The reply to what the user said, which counts as used. `None` if no rule fits: then the agent repeats what it was
    /// told.
    pub(crate) fn choose(&self, used: &mut Used, said: &str) -> Option<&Reply> {
        used.0.resize(self.rules().len(), 0);
        let lower = said.to_lowercase();
        let (rule, count) = self.rules().iter().zip(&mut used.0).find(|(rule, count)| {
            rule.limit().is_none_or(|limit| **count < limit) && rule.fits(said, &lower)
        })?;
        *count = count.saturating_add(1);
        Some(rule.reply())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::script::act::Kind;
    use crate::script::rule::Rule;

    /// What is said to each of these, in order. An echo is `-`.
    fn answers(script: &Script, said: &[&str]) -> String {
        let mut used = Used::default();
        let answer = |said: &&str| match script.choose(&mut used, said).map(Reply::acts) {
            None => "-".to_owned(),
            Some([act]) => match &act.kind {
                Kind::Text(text) => text.clone(),
                _ => panic!("{act:?}"),
            },
            Some(acts) => panic!("{acts:?}"),
        };
        said.iter().map(answer).collect()
    }

    #[test]
    fn the_first_rule_that_fits_and_is_not_used_up_is_used() {
        let hello = || Rule::new("h").when("hello");
        for (rules, said, expected) in [
            (vec![], &["hello"] as &[&str], "-"),
            (vec![Rule::new("a"), Rule::new("b")], &["", "", ""], "ab-"),
            (
                vec![Rule::new("a").times(2), Rule::new("b")],
                &["", "", "", ""],
                "aab-",
            ),
            (
                vec![Rule::new("a").always(), Rule::new("b")],
                &["", "", ""],
                "aaa",
            ),
            (
                vec![hello(), Rule::new("a")],
                &["hello", "x", "hello", "x"],
                "hah-",
            ),
            (vec![hello().times(1)], &["hello", "hello"], "h-"),
            // A rule without a condition takes what comes first, if it stands first.
            (
                vec![Rule::new("a"), hello()],
                &["hello", "hello", "x"],
                "ah-",
            ),
            (
                vec![hello(), Rule::new("a").always()],
                &["x", "hello", "x"],
                "aha",
            ),
            (
                vec![hello()],
                &["Well, HELLO!", "hell o", "hello\nhello"],
                "h-h",
            ),
            (
                vec![Rule::new("a").when("ÄRGER")],
                &["ärger", "arger"],
                "a-",
            ),
            (
                vec![Rule::new("a").when_exactly("Hi")],
                &["Hi", "hi", "Hi ", ""],
                "a---",
            ),
            (vec![Rule::new("a").when_exactly("")], &["", "x"], "a-"),
            // The later condition replaces the earlier.
            (vec![hello().when_exactly("x")], &["hello", "x"], "-h"),
            (vec![hello().times(1).always()], &["hello", "hello"], "hh"),
        ] {
            let script = Script::from(rules);
            assert_eq!(answers(&script, said), expected, "{script:?}");
        }
    }

    #[test]
    fn a_script_that_is_exchanged_does_not_need_counts_of_its_own() {
        let mut used = Used::default();
        assert!(Script::from(["a", "b"]).choose(&mut used, "").is_some());
        assert!(Script::from(["a"]).choose(&mut used, "").is_none());
        assert!(Script::new().choose(&mut used, "").is_none());
    }

    fn any_rule() -> impl Strategy<Value = Rule> {
        let condition = prop_oneof![
            Just(None),
            "[abAB ]{1,2}".prop_map(|words| Some((words, true))),
            "[ab]{0,2}".prop_map(|text| Some((text, false))),
        ];
        (condition, 0..4_u32).prop_map(|(condition, uses)| {
            let rule = match condition {
                None => Rule::new("x"),
                Some((words, true)) => Rule::new("x").when(words),
                Some((text, false)) => Rule::new("x").when_exactly(text),
            };
            match uses {
                0 => rule,
                1 => rule.always(),
                times => rule.times(times),
            }
        })
    }

    proptest! {
        #[test]
        fn the_laws_of_choosing_hold(
            rules in proptest::collection::vec(any_rule(), 0..6),
            said in proptest::collection::vec("[abAB ]{0,3}", 0..20),
        ) {
            let script = Script::from(rules);
            let mut used = Used::default();
            for said in &said {
                let before = used.clone();
                let reply = script.choose(&mut used, said);
                let mut same = before.clone();
                prop_assert_eq!(script.choose(&mut same, said), reply);
                prop_assert_eq!(&same, &used);
                let had = |place: usize| before.0.get(place).copied().unwrap_or(0);
                let may = |place: usize| script.rules()[place].limit().is_none_or(|limit| had(place) < limit);
                let first = (0..script.rules().len()).find(|place| may(*place) && script.rules()[*place].fits(said, &said.to_lowercase()));
                prop_assert_eq!(reply.is_some(), first.is_some());
                for (place, count) in used.0.iter().enumerate() {
                    prop_assert_eq!(*count, had(place) + u32::from(Some(place) == first));
                    prop_assert!(script.rules()[place].limit().is_none_or(|limit| *count <= limit));
                }
            }
        }
    }
}
