//! Where a voice goes on that another has begun: at the clause in which it stopped.

/// What a voice says in a second, at least, in characters of the text as it is spoken: where nobody tells how far it
/// came, a clause that is said twice is better than one that is lost.
pub(super) const CHARACTERS_A_SECOND: f32 = 10.0;
/// Words that end with a dot and no sentence.
const SHORT: [&str; 12] =
    ["dr", "mr", "mrs", "ms", "st", "no", "ave", "apt", "ext", "jr", "sr", "vs"];

/// Returns what is left of a text of which so many characters were spoken: from the beginning of the clause in which
/// they end. All of it when nothing was spoken, nothing when all was.
pub(super) fn rest(text: &str, spoken: usize) -> &str {
    let spoken = text.char_indices().nth(spoken).map_or(text.len(), |(at, _)| at);
    if text[spoken..].trim().is_empty() {
        return "";
    }
    let begins = clauses(text).into_iter().rfind(|at| *at <= spoken).unwrap_or(0);
    &text[begins..]
}

/// Where clauses begin: after a mark and white space, or after a mark of Chinese or Japanese.
fn clauses(text: &str) -> Vec<usize> {
    let mut begins = vec![0];
    let mut marked = false;
    for (at, c) in text.char_indices() {
        if c.is_whitespace() {
            continue;
        }
        let spaced = text[..at].ends_with(char::is_whitespace);
        let wide = text[..at].ends_with(['。', '，', '！', '？', '、', '；']);
        if at > 0 && ((marked && spaced) || wide) {
            begins.push(at);
        }
        marked = match c {
            '.' => !ends_short_word(&text[..at]),
            ',' | ';' | ':' | '!' | '?' => true,
            // A closing quote or bracket belongs to what it closes.
            '"' | ')' | '”' | '’' => marked,
            _ => false,
        };
    }
    begins
}

fn ends_short_word(text: &str) -> bool {
    let word = text.rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    word.chars().count() == 1 || SHORT.contains(&&*word.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_at_the_clause_in_which_it_stopped() {
        let text = "Thank you, Dr. Patel is free at 9:30 AM. Would you like that, or later?";
        let at = |words: &str| text[..text.find(words).unwrap()].chars().count();
        assert_eq!(rest(text, 0), text);
        assert_eq!(rest(text, 5), text);
        assert_eq!(
            rest(text, at("free")),
            "Dr. Patel is free at 9:30 AM. Would you like that, or later?"
        );
        assert_eq!(rest(text, at("Patel")), rest(text, at("30 AM")));
        assert_eq!(rest(text, at("you like")), "Would you like that, or later?");
        assert_eq!(rest(text, at("later")), "or later?");
        assert_eq!(rest(text, 1000), "");
        assert_eq!(rest("", 3), "");
    }

    #[test]
    fn clauses_of_chinese_have_no_spaces() {
        let text = "您好，我是助理。请问有什么事？";
        assert_eq!(rest(text, 4), "我是助理。请问有什么事？");
        assert_eq!(rest(text, 9), "请问有什么事？");
    }
}
