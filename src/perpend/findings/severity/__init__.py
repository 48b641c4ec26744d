"""What people say of severity in, how severe findings are, who says so, and which come first out.

Refuses to know how verdicts were made, how anything looks, and where it goes. What nobody has rated is not rated.
"""
