"""Why a network learns abruptly without a bifurcation, and past which learning rate it never learns."""
