"""caretier: from a person's answers about back pain to a care tier, with the proof."""
