"""How the read model follows the log: one module per noun. Nothing is decided here but when a referral runs out."""
