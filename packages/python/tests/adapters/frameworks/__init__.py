"""
The frameworks under test. Each module has `run(client, who, calls, tool)`: a scripted model asks for the calls in one
turn, and the texts that the model gets back are returned, in order.
"""
