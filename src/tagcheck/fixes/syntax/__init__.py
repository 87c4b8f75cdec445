"""What the syntax trees of languages say about places: expressions, and the variables that hold there."""
