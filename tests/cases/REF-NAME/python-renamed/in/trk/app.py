from trk.store import Store

Store().serve()
