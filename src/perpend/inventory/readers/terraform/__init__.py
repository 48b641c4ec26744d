"""Read plans and states of Terraform and OpenTofu, as ``show -json`` writes them, into objects of AWS types."""
