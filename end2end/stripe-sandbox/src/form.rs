//! Nested form bodies and queries: `items[0][price]=…`, `expand[]=…`, `metadata[order]=…`, with brackets
//! percent-encoded or not, as async-stripe (serde_qs), stripe-node, stripe-python, the CLI and curl write them.

use crate::error::ApiError;

/// A decoded form: text at the leaves, members in the order sent. Lists are trees with numbered members.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Form {
    /// A leaf. Empty text means "unset" to Stripe.
    Text(String),
    /// Members by name (or by number, for a list).
    Tree(Vec<(String, Form)>),
}

static EMPTY: Form = Form::Tree(Vec::new());

impl Default for Form {
    fn default() -> Self {
        EMPTY.clone()
    }
}

impl Form {
    /// Decodes `application/x-www-form-urlencoded` text.
    ///
    /// # Errors
    /// A key whose brackets do not close, or that is both a leaf and a tree.
    pub(crate) fn decode(encoded: &str) -> Result<Self, ApiError> {
        let mut root = Self::default();
        for pair in encoded.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let key = percent_decode(key);
            let path = split_key(&key)?;
            root.insert(&path, percent_decode(value))
                .ok_or_else(|| ApiError::invalid(format!("Invalid parameter nesting: {key}")).with_param(&key))?;
        }
        Ok(root)
    }

    /// Members of `other` are added after ours.
    pub(crate) fn join(&mut self, other: Self) {
        if let (Self::Tree(ours), Self::Tree(theirs)) = (self, other) {
            ours.extend(theirs);
        }
    }

    fn insert(&mut self, path: &[String], value: String) -> Option<()> {
        let Self::Tree(members) = self else { return None };
        let (name, rest) = path.split_first()?;
        let next_number =
            || members.iter().filter_map(|(name, _)| name.parse::<usize>().ok()).max().map_or(0, |n| n + 1);
        let name = match (name.is_empty(), rest) {
            (false, _) => name.clone(),
            (true, []) => next_number().to_string(),
            // `items[][price]=a&items[][quantity]=1&items[][price]=b`: a repeated member begins a new element.
            (true, rest) => match members.last() {
                Some((last, element)) if element.at(&rest.join(".")).is_none() => last.clone(),
                _ => next_number().to_string(),
            },
        };
        let position = members.iter().position(|(known, _)| *known == name);
        if rest.is_empty() {
            match position {
                Some(position) => members[position].1 = Self::Text(value),
                None => members.push((name, Self::Text(value))),
            }
            return Some(());
        }
        let position = position.unwrap_or_else(|| {
            members.push((name, Self::default()));
            members.len() - 1
        });
        members[position].1.insert(rest, value)
    }

    /// The node at a dotted path such as `invoice_creation.enabled`.
    pub(crate) fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |node, name| match node {
            Self::Text(_) => None,
            Self::Tree(members) => members.iter().find(|(known, _)| known == name).map(|(_, node)| node),
        })
    }

    /// The subtree at a path; empty when absent.
    pub(crate) fn tree(&self, path: &str) -> &Self {
        self.at(path).unwrap_or(&EMPTY)
    }

    /// Whether the path was sent at all, even as the empty text.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.at(path).is_some()
    }

    /// Non-empty text at a path.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        match self.at(path) {
            Some(Self::Text(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// Text at a path that must be there.
    pub(crate) fn required(&self, path: &str) -> Result<&str, ApiError> {
        self.text(path).ok_or_else(|| ApiError::missing(&bracketed(path)))
    }

    /// An integer at a path.
    pub(crate) fn int(&self, path: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.text(path) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            ApiError::invalid(format!("Invalid integer: {text}"))
                .with_code("parameter_invalid_integer")
                .with_param(&bracketed(path))
        })
    }

    /// A decimal number at a path.
    pub(crate) fn number(&self, path: &str) -> Result<Option<f64>, ApiError> {
        let Some(text) = self.text(path) else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|_| ApiError::invalid(format!("Invalid decimal: {text}")).with_param(&bracketed(path)))
    }

    /// A boolean at a path.
    pub(crate) fn flag(&self, path: &str) -> Result<Option<bool>, ApiError> {
        match self.text(path) {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(text) => Err(ApiError::invalid(format!("Invalid boolean: {text}")).with_param(&bracketed(path))),
        }
    }

    /// The elements of a list, in the order of their numbers.
    pub(crate) fn list(&self, path: &str) -> Vec<&Self> {
        let Some(Self::Tree(members)) = self.at(path) else { return Vec::new() };
        let mut numbered: Vec<(usize, &Self)> =
            members.iter().map(|(name, node)| (name.parse().unwrap_or(usize::MAX), node)).collect();
        numbered.sort_by_key(|(number, _)| *number);
        numbered.into_iter().map(|(_, node)| node).collect()
    }

    /// The texts of a list.
    pub(crate) fn texts(&self, path: &str) -> Vec<&str> {
        self.list(path)
            .into_iter()
            .filter_map(|node| match node {
                Self::Text(text) => Some(text.as_str()),
                Self::Tree(_) => None,
            })
            .collect()
    }

    /// Name and text of each leaf directly below a path: metadata.
    pub(crate) fn pairs(&self, path: &str) -> Vec<(&str, &str)> {
        let Some(Self::Tree(members)) = self.at(path) else { return Vec::new() };
        members
            .iter()
            .filter_map(|(name, node)| match node {
                Self::Text(text) => Some((name.as_str(), text.as_str())),
                Self::Tree(_) => None,
            })
            .collect()
    }

    /// Refuses everything that `allowed` does not name: dotted paths, `#` for a number, a last `*` for anything below.
    /// A path after `~` is one that the sandbox's API version has no more; only `older` requests may have it.
    pub(crate) fn check(&self, allowed: &str, older: bool) -> Result<(), ApiError> {
        let known = |pattern: &str| match pattern.strip_prefix('~') {
            Some(gone) => older.then(|| gone.split('.').map(str::to_owned).collect()),
            None => Some(pattern.split('.').map(str::to_owned).collect()),
        };
        let patterns: Vec<Vec<String>> = allowed.split_whitespace().filter_map(known).collect();
        let mut leaves = Vec::new();
        self.leaves(&mut Vec::new(), &mut leaves);
        for leaf in leaves {
            if leaf.first().is_some_and(|name| name == "expand")
                || patterns.iter().any(|pattern| matches(pattern, &leaf))
            {
                continue;
            }
            return Err(ApiError::unknown_parameter(&bracketed(&leaf.join("."))));
        }
        Ok(())
    }

    fn leaves(&self, at: &mut Vec<String>, into: &mut Vec<Vec<String>>) {
        match self {
            Self::Text(_) => into.push(at.clone()),
            Self::Tree(members) => {
                for (name, node) in members {
                    at.push(name.clone());
                    node.leaves(at, into);
                    at.pop();
                }
            }
        }
    }
}

/// A leaf above a pattern's end is an emptied subtree (`discounts=""`), which Stripe allows.
fn matches(pattern: &[String], leaf: &[String]) -> bool {
    for (position, part) in pattern.iter().enumerate() {
        let Some(name) = leaf.get(position) else { return true };
        match part.as_str() {
            "*" => return true,
            "#" if name.parse::<usize>().is_ok() => {}
            part if part == name => {}
            _ => return false,
        }
    }
    leaf.len() == pattern.len()
}

/// `items.0.price` as Stripe names it: `items[0][price]`.
pub(crate) fn bracketed(path: &str) -> String {
    let mut parts = path.split('.');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |name, part| format!("{name}[{part}]"))
}

fn split_key(key: &str) -> Result<Vec<String>, ApiError> {
    let malformed = || ApiError::invalid(format!("Invalid parameter name: {key}")).with_param(key);
    let (first, mut rest) = match key.find('[') {
        Some(open) => key.split_at(open),
        None => return Ok(vec![key.to_owned()]),
    };
    let mut path = vec![first.to_owned()];
    while !rest.is_empty() {
        let inner = rest.strip_prefix('[').ok_or_else(malformed)?;
        let close = inner.find(']').ok_or_else(malformed)?;
        path.push(inner[..close].to_owned());
        rest = &inner[close + 1..];
    }
    Ok(path)
}

/// `application/x-www-form-urlencoded`: `+` is a space; a malformed escape stays as it is.
fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while position < bytes.len() {
        let escape = (bytes[position] == b'%')
            .then(|| text.get(position + 1..position + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok()))
            .flatten();
        match (bytes[position], escape) {
            (_, Some(byte)) => {
                decoded.push(byte);
                position += 3;
                continue;
            }
            (b'+', None) => decoded.push(b' '),
            (byte, None) => decoded.push(byte),
        }
        position += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::Form;

    #[test]
    fn the_three_client_dialects_decode_to_the_same_form() {
        let rust = "line_items[0][price]=price_1&line_items[0][quantity]=2&expand[0]=customer&metadata[order]=ord_1";
        let node = "line_items%5B0%5D%5Bprice%5D=price_1&line_items%5B0%5D%5Bquantity%5D=2&expand%5B0%5D=customer&metadata%5Border%5D=ord_1";
        let curl = "line_items[][price]=price_1&line_items[][quantity]=2&expand[]=customer&metadata[order]=ord_1";
        let decoded = Form::decode(rust).unwrap();
        assert_eq!(decoded, Form::decode(node).unwrap());
        assert_eq!(decoded, Form::decode(curl).unwrap());
        assert_eq!(decoded.list("line_items")[0].text("price"), Some("price_1"));
        assert_eq!(decoded.texts("expand"), ["customer"]);
    }

    #[test]
    fn a_repeated_member_of_an_unnumbered_list_begins_the_next_element() {
        let form = Form::decode("items[][price]=a&items[][quantity]=1&items[][price]=b").unwrap();
        let items = form.list("items");
        assert_eq!(items.len(), 2);
        assert_eq!((items[0].text("quantity"), items[1].text("price")), (Some("1"), Some("b")));
    }

    #[test]
    fn list_elements_come_in_the_order_of_their_numbers() {
        let form = Form::decode("a[10]=z&a[2]=y").unwrap();
        assert_eq!(form.texts("a"), ["y", "z"]);
    }

    #[test]
    fn text_decodes_escapes_plus_and_utf8() {
        let form = Form::decode("name=%CE%91%CE%B8%CE%AE%CE%BD%CE%B1+GmbH%2B%").unwrap();
        assert_eq!(form.text("name"), Some("Αθήνα GmbH+%"));
    }

    #[test]
    fn an_unknown_parameter_is_refused_with_its_bracketed_name() {
        let form = Form::decode("items[0][price]=p&items[0][colour]=red").unwrap();
        let error = form.check("items.#.price metadata.*", true).unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some("items[0][colour]")));
        assert_eq!(error.code.as_deref(), Some("parameter_unknown"));
    }

    #[test]
    fn what_the_version_has_no_more_is_for_older_requests_only() {
        let form = Form::decode("types[0]=card").unwrap();
        assert!(form.check("~types.# name", true).is_ok());
        assert!(form.check("~types.# name", false).is_err());
    }

    #[test]
    fn an_emptied_subtree_is_allowed() {
        assert!(Form::decode("discounts=").unwrap().check("discounts.#.coupon", false).is_ok());
    }

    #[test]
    fn unclosed_brackets_are_refused() {
        assert!(Form::decode("items[0=x").is_err());
    }
}
