"""A repository in, a site of static pages out, built or served on this machine."""
