"""The API for programs: ``/api/v1``. Its addresses are declared once; routes and the OpenAPI document derive from them."""
