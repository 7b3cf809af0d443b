class Storage:
    def serve(self):
        pass
