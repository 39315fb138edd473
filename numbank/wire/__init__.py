"""handler_api.php: parse and render, nothing else."""
