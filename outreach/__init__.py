"""Who owes whom a word: touch ledger, programme, delivery, gesture, reciprocity, plan. Holds nothing yet."""
