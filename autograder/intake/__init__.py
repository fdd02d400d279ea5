"""Whatever was handed in becomes submissions rebuilt from our release, or results with a reason."""
