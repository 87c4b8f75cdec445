"""Operations that library models name: what a library call does with symbolic values."""
