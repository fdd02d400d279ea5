"""Student code in processes of its own, behind walls; the only stage that touches processes."""
