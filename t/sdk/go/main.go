// Run by t/sdk_bridge_ollama_go.t: Ollama's own Go package "api" by vendors of
// other dialects.  Each line that comes has to be what the package's types
// make of it, and nothing else.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strings"

	"github.com/ollama/ollama/api"
)

type config struct {
	URL     string            `json:"url"`
	Png     string            `json:"png"`
	Text    string            `json:"text"`
	Thought string            `json:"thought"`
	Vendors map[string]string `json:"vendors"`
}

var (
	ctx     = context.Background()
	answers = bufio.NewReader(os.Stdin)
)

func say(what map[string]any) {
	line, _ := json.Marshal(what)
	fmt.Println(string(line))
}

func equal(got, want any, format string, a ...any) {
	say(map[string]any{"check": fmt.Sprintf(format, a...),
		"ok": reflect.DeepEqual(got, want), "got": []any{got, want}})
}

func ok(good bool, got any, format string, a ...any) {
	say(map[string]any{"check": fmt.Sprintf(format, a...), "ok": good,
		"got": got})
}

func step(name, with string) {
	say(map[string]any{"step": name, "with": with})
	if _, err := answers.ReadString('\n'); err != nil {
		panic(err)
	}
}

// wire keeps the bytes of answers.
type wire struct {
	path string
	body bytes.Buffer
}

type tee struct {
	io.Reader
	io.Closer
}

func (w *wire) RoundTrip(q *http.Request) (*http.Response, error) {
	r, err := http.DefaultTransport.RoundTrip(q)
	if err == nil {
		w.path = q.URL.Path
		w.body.Reset()
		r.Body = tee{io.TeeReader(r.Body, &w.body), r.Body}
	}
	return r, err
}

// within says what of raw is not in the value that the package has of it.
func within(raw, got any, at string) []string {
	switch r := raw.(type) {
	case map[string]any:
		g, _ := got.(map[string]any)
		var bad []string
		for name, member := range r {
			if name == "created_at" {
				continue
			}
			bad = append(bad, within(member, g[name], at+"."+name)...)
		}
		return bad
	case []any:
		g, _ := got.([]any)
		if len(g) != len(r) {
			return []string{at}
		}
		var bad []string
		for i := range r {
			bad = append(bad, within(r[i], g[i], at+"[]")...)
		}
		return bad
	}
	if !reflect.DeepEqual(raw, got) {
		return []string{fmt.Sprintf("%s: %v, not %v", at, got, raw)}
	}
	return nil
}

func wrong[T any](line []byte) []string {
	var value T
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&value); err != nil {
		return []string{fmt.Sprintf("%v: %s", err, line)}
	}
	again, _ := json.Marshal(value)
	var raw, got any
	_ = json.Unmarshal(line, &raw)
	_ = json.Unmarshal(again, &got)
	return within(raw, got, "")
}

func (w *wire) check(format string, a ...any) {
	bad := []string{}
	for _, line := range bytes.Split(bytes.TrimSuffix(w.body.Bytes(),
		[]byte("\n")), []byte("\n")) {
		if bytes.HasPrefix(line, []byte(`{"error":"`)) {
			bad = append(bad, wrong[struct {
				Error string `json:"error"`
			}](line)...)
			continue
		}
		switch w.path {
		case "/api/chat":
			bad = append(bad, wrong[api.ChatResponse](line)...)
		case "/api/generate":
			bad = append(bad, wrong[api.GenerateResponse](line)...)
		case "/api/embed":
			bad = append(bad, wrong[api.EmbedResponse](line)...)
		default:
			bad = append(bad, wrong[api.EmbeddingResponse](line)...)
		}
	}
	ok(len(bad) == 0, bad, "%s: as the types have it",
		fmt.Sprintf(format, a...))
}

type client struct {
	*api.Client
	wire  *wire
	model string
}

// chat collects an answer, as a stream or not.
func (c client) chat(q api.ChatRequest, stream bool) (api.ChatResponse,
	error) {
	var all api.ChatResponse
	q.Model = c.model
	q.Stream = &stream
	err := c.Chat(ctx, &q, func(r api.ChatResponse) error {
		r.Message.Content = all.Message.Content + r.Message.Content
		r.Message.Thinking = all.Message.Thinking + r.Message.Thinking
		r.Message.ToolCalls = append(all.Message.ToolCalls,
			r.Message.ToolCalls...)
		all = r
		return nil
	})
	return all, err
}

func user(content string) []api.Message {
	return []api.Message{{Role: "user", Content: content}}
}

func (c client) texts(k config) {
	for _, stream := range []bool{false, true} {
		name := fmt.Sprintf("%s: chat, %v", c.model, stream)
		r, err := c.chat(api.ChatRequest{Messages: user("hi")}, stream)
		equal(err, nil, "%s: no error", name)
		equal([]any{r.Message.Content, r.Model, r.Done, r.DoneReason,
			r.PromptEvalCount, r.EvalCount}, []any{k.Text, c.model, true,
			"stop", 11, 7}, "%s", name)
		c.wire.check("%s", name)

		png, _ := base64.StdEncoding.DecodeString(k.Png)
		for say, want := range map[string]string{
			"a picture":    "image/png 70; ",
			"the system":   `Be "brief"`,
			"by schema":    `{"city":"Z\u00fcrich","people":434000,"river":"Limmat"}`,
			"this is long": "Once upon", "nothing": ""} {
			q := api.ChatRequest{Messages: append([]api.Message{{
				Role: "system", Content: `Be "brief"`}}, user(say)...),
				Options: map[string]any{"temperature": 0.5}}
			if say == "a picture" {
				q.Messages[1].Images = []api.ImageData{png}
			}
			if say == "by schema" {
				q.Format = json.RawMessage(`{"type":"object","properties":{` +
					`"people":{"type":"integer"}}}`)
			}
			r, err := c.chat(q, stream)
			equal(err, nil, "%s, %s: no error", name, say)
			equal(r.Message.Content, want, "%s, %s", name, say)
			c.wire.check("%s, %s", name, say)
		}

		think := api.ThinkValue{Value: true}
		r, _ = c.chat(api.ChatRequest{Messages: user("think"),
			Think: &think}, stream)
		equal([]string{r.Message.Thinking, r.Message.Content},
			[]string{k.Thought, k.Text}, "%s, thinking", name)
		c.wire.check("%s, thinking", name)

		var g string
		err = c.Generate(ctx, &api.GenerateRequest{Model: c.model,
			Prompt: "hi", Stream: &stream},
			func(r api.GenerateResponse) error {
				g += r.Response
				return nil
			})
		equal([]any{g, err}, []any{k.Text, nil}, "%s, generate", name)
		c.wire.check("%s, generate", name)
	}
}

// tools goes on until there are no calls: two at once, one more, a text.
func (c client) tools(say string, think *api.ThinkValue, stream bool) {
	name := fmt.Sprintf("%s: %s, tools, %v", c.model, say, stream)
	said := user(say)
	calls := []string{}
	var r api.ChatResponse

	for round := 0; round < 4; round++ {
		var err error
		tool := func(f string) api.Tool {
			return api.Tool{Type: "function", Function: api.ToolFunction{
				Name: f, Description: f, Parameters: api.ToolFunctionParameters{
					Type: "object", Properties: api.NewToolPropertiesMap()}}}
		}
		r, err = c.chat(api.ChatRequest{Messages: said, Think: think,
			Tools: api.Tools{tool("weather"), tool("average")}}, stream)
		equal(err, nil, "%s: no error", name)
		c.wire.check("%s", name)
		said = append(said, r.Message)
		if len(r.Message.ToolCalls) == 0 {
			break
		}
		for i, call := range r.Message.ToolCalls {
			f := call.Function
			a := f.Arguments.String()
			calls = append(calls, f.Name+a)
			equal(f.Index, i, "%s: index of a call", name)
			ok(call.ID != "", call, "%s: id of a call", name)
			said = append(said, api.Message{Role: "tool", ToolName: f.Name,
				ToolCallID: call.ID, Content: fmt.Sprint(len(a))})
		}
	}

	equal(r.Message.Content, "weather 26; weather 15; average 31; ",
		"%s", name)
	equal(calls, []string{`weather{"n":1.5,"city":"Zürich"}`,
		`weather{"city":"Bern"}`, `average{"values":[26,15],"round":true}`},
		"%s: calls", name)
}

func (c client) failures() {
	for say, want := range map[string]int{"too much": 400, "limit": 429,
		"overload": 503} {
		if say != "too much" {
			step(say, c.model)
		}
		_, err := c.chat(api.ChatRequest{Messages: user(say)}, true)
		var e api.StatusError
		errors.As(err, &e)
		equal(e.StatusCode, want, "%s: %s", c.model, say)
		ok(e.ErrorMessage != "", e, "%s: %s: text", c.model, say)
		c.wire.check("%s: %s", c.model, say)
	}

	for _, what := range []string{"broken", "cut"} {
		step(what, c.model)
		r, err := c.chat(api.ChatRequest{Messages: user("hi")}, true)
		step("whole", c.model)
		ok(err != nil && !r.Done && strings.HasPrefix(r.Message.Content,
			"Hello"), fmt.Sprint(err, r), "%s: %s in mid-stream", c.model,
			what)
		c.wire.check("%s: %s", c.model, what)
	}

	step("stall", c.model)
	left, leave := context.WithCancel(ctx)
	n := 0
	_ = c.Chat(left, &api.ChatRequest{Model: c.model,
		Messages: user("hi")}, func(r api.ChatResponse) error {
		n++
		leave()
		return nil
	})
	leave()
	ok(n > 0, n, "%s: left in mid-stream", c.model)
	step("closed", c.model)
}

func (c client) vectors() {
	r, err := c.Embed(ctx, &api.EmbedRequest{Model: c.model,
		Input: []string{"a", "bc"}})
	equal([]any{r.Embeddings, err}, []any{[][]float32{{0.515625, 0.5, 0.5,
		0.5}, {0.53125, 0.546875, 0.5, 0.5}}, nil}, "%s: embed", c.model)
	c.wire.check("%s: embed", c.model)
	e, err := c.Embeddings(ctx, &api.EmbeddingRequest{Model: c.model,
		Prompt: "a"})
	equal([]any{e.Embedding, err}, []any{[]float64{0.515625, 0.5, 0.5, 0.5},
		nil}, "%s: embeddings", c.model)
	c.wire.check("%s: embeddings", c.model)
}

func main() {
	var k config
	if err := json.Unmarshal([]byte(os.Args[len(os.Args)-1]), &k); err != nil {
		panic(err)
	}
	base, _ := url.Parse(k.URL)
	w := &wire{}
	a := api.NewClient(base, &http.Client{Transport: w})

	ok(len(wrong[api.ChatResponse]([]byte(`{"model":"m","message":`+
		`{"role":"assistant","content":"","x":1}}`))) > 0, nil,
		"what is wrong is seen")

	for model, kind := range k.Vendors {
		c := client{a, w, model}
		c.texts(k)
		for _, stream := range []bool{false, true} {
			c.tools("weather, please", nil, stream)
			c.tools("think of the weather", &api.ThinkValue{Value: "low"},
				stream)
		}
		c.failures()
		if kind == "openai" {
			c.vectors()
		}
	}
	say(map[string]any{"end": 1})
}
