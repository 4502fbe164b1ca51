"""How dates are written, language by language; Django asks for `<language>.formats`."""
