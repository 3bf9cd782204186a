//! What must not compile with letta-api-ext. A package of its own, since the cases are checked with all
//! dependencies of the package that they are in, built anew.
