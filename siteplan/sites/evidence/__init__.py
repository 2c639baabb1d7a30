"""What stands for and against a site: findings against rules, the verdict they lead to, the shift that clears them."""
