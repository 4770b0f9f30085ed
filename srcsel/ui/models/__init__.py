"""The page where source models are picked and a run is started."""
