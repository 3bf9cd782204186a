//! How a list's pages follow each other, as the overlay's marker `x-codegen-pages` says. Generated code has one for each list.

/// How a list's pages follow each other.
#[derive(Debug)]
pub struct Rule {
    /// The members that lead to the items. None if the answer is the list itself.
    pub items: &'static [&'static str],
    /// The members of an item that lead to its ID. None if the item is its own ID.
    pub id: &'static [&'static str],
    /// Whether several items in a row may have one ID, since they are parts of one thing.
    pub parts: bool,
    /// The members that lead to a flag that says whether more follows.
    pub more: Option<&'static [&'static str]>,
    /// The parameter that says the order, if the next page depends on it.
    pub order: Option<Order>,
    /// What leads to the next page. None if there is no next page.
    pub moves: &'static [Move],
    /// The parameters of the query that also begin or end a page, and do not lead to the next one.
    pub others: &'static [&'static str],
    /// The limit of a list that comes as one page.
    pub whole: Option<Whole>,
}

impl Rule {
    /// The rule of a list of which nothing is said: the answer is the list, and items have an `id`.
    pub const NONE: Self = Self {
        items: &[],
        id: &["id"],
        parts: false,
        more: None,
        order: None,
        moves: &[],
        others: &[],
        whole: None,
    };
}

/// The parameter of the query that says the order.
#[derive(Debug)]
pub struct Order {
    /// Its name.
    pub parameter: &'static str,
    /// What the service takes if it is left out.
    pub default: &'static str,
}

/// What leads to the next page.
#[derive(Debug)]
pub struct Move {
    /// The order for which this is so. Empty if it is so for all.
    pub order: &'static str,
    /// The parameter of the query that moves.
    pub parameter: &'static str,
    /// What it is set to.
    pub from: Fill,
}

/// What the parameter is set to that leads to the next page.
#[derive(Debug)]
pub enum Fill {
    /// The ID of the last item of a page.
    Last,
    /// The ID of the first item of a page. The pages run against the order of the list.
    First,
    /// The number of items so far.
    Count,
    /// The value at these members of the answer.
    Answer(&'static [&'static str]),
}

/// The parameter of the query that limits a list which comes as one page.
#[derive(Debug)]
pub struct Whole {
    /// Its name.
    pub parameter: &'static str,
    /// What it is set to unless the caller does.
    pub limit: u32,
}
