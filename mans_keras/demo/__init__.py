"""`mans demo`: a page in the browser that answers recordings. `answers.py` needs no Gradio; `app.py` is the page."""
