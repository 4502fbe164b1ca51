"""The floor of the API: who asks, what may be sent, how lists are paged, how a refusal reads. No endpoint lives here.

The modules are named in the settings one by one. Those that the settings name must not import the views of
REST framework, which read the settings while they are imported; `views` and `schema` may.
"""
