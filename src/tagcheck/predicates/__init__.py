"""Predicates: what rules need beyond data. They judge events and know nothing of languages."""
