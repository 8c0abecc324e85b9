package hub

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxToken bounds a token file.
const maxToken = 4096

// FromEnvironment reads the variables that the hub's own tools read: HF_ENDPOINT, HF_HUB_OFFLINE, and the token from HF_TOKEN or the file that HF_TOKEN_PATH,
// HF_HOME or the user's cache folder names. A missing or unreadable file means no token.
func FromEnvironment(getenv func(string) string) Options {
	o := Options{Endpoint: getenv("HF_ENDPOINT"), Token: strings.TrimSpace(getenv("HF_TOKEN"))}
	o.Offline = slices.Contains([]string{"1", "ON", "YES", "TRUE"}, strings.ToUpper(getenv("HF_HUB_OFFLINE")))
	if o.Token == "" {
		o.Token = readToken(tokenPath(getenv))
	}
	return o
}

func tokenPath(getenv func(string) string) string {
	if path := getenv("HF_TOKEN_PATH"); path != "" {
		return path
	}
	home := getenv("HF_HOME")
	if home == "" {
		cache := getenv("XDG_CACHE_HOME")
		if cache == "" {
			if getenv("HOME") == "" {
				return ""
			}
			cache = filepath.Join(getenv("HOME"), ".cache")
		}
		home = filepath.Join(cache, "huggingface")
	}
	return filepath.Join(home, "token")
}

func readToken(path string) string {
	if path == "" {
		return ""
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxToken {
		return ""
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}
