//! Singular and plural in sentences.

/// `1 frame`, `2 frames`: `number` and the words that go with it.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_singular_and_none_is_not() {
        assert_eq!(
            [0, 1, 2].map(|number| counted(number, "frame is", "frames are")),
            ["0 frames are", "1 frame is", "2 frames are"]
        );
    }
}
