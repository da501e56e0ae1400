# After the host's own files, before anything that is slow to say no.
passwd after=files jump
group after=files jump
hosts after=files jump
