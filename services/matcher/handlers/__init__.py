"""What the matcher does when something happens: one module per noun, each with three beats, *needs, decide, apply*."""
