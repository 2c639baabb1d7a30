"""How much: what each commune needs, has, must extend and must build."""
