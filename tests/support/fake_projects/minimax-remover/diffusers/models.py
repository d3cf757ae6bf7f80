class AutoencoderKLWan:
    @classmethod
    def from_pretrained(cls, path, torch_dtype):
        assert path == "./vae"
        return cls()
