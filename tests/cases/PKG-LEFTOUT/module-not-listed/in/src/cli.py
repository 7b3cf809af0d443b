import agents
import paths
