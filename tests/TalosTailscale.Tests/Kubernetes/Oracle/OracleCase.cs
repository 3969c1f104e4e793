using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace TalosTailscale.Tests.Kubernetes.Oracle;

/// <summary>One kubeconfig, or a list of them, made from a number.</summary>
internal sealed class OracleCase
{
    private readonly OracleChoices _choices;
    private readonly Random _random;
    private readonly string _folder;
    private readonly OraclePki _pki;
    private readonly OracleServer _server;

    internal OracleCase(int number, string folder, OraclePki pki, OracleServer server)
    {
        _choices = new OracleChoices(number);
        _random = new Random(number);
        _folder = Directory.CreateDirectory(Path.Combine(folder, $"case-{number}")).FullName;
        _pki = pki;
        _server = server;
        Directory.CreateDirectory(Path.Combine(_folder, "elsewhere"));
        Build();
    }

    /// <summary>The environment's variables; no others are there.</summary>
    internal Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    /// <summary>The folder that kubectl runs in.</summary>
    internal string Elsewhere => Path.Combine(_folder, "elsewhere");

    /// <summary>The folder of the file that names the user's files.</summary>
    internal string Conf => Path.Combine(_folder, "conf");

    /// <summary>Where the plugin writes down how it was run.</summary>
    internal string PluginLog => Path.Combine(_folder, "plugin.log");

    /// <summary>
    /// The error by which ours refuses on purpose what kubectl may do: nothing is sent to whom nobody verifies. For kubectl no
    /// server is http://localhost:8080.
    /// </summary>
    internal string? OwnRefusal { get; private set; }

    public override string ToString() => _choices.ToString();

    private void Build()
    {
        // A server's name and its certificates go together; a proxy can reach names that are not in any DNS.
        string proxy = _choices["proxy"];
        bool byName = proxy is not ("none" or "NO_PROXY" or "ftp" or "nobody there");
        string trust = _choices["CA"],
            name = _choices["TLS name"],
            scheme = _choices["server"];
        OwnRefusal =
            scheme == "empty" ? "KubeconfigInvalid"
            : scheme is "no scheme" or "http" || trust == "insecure" ? "KubeconfigInsecure"
            : null;
        var cluster = new StringBuilder();
        int port = trust switch
        {
            "intermediate" or "root over intermediate" => _server.Whole,
            "intermediate, leaf sent alone" or "root, leaf sent alone" => _server.Short,
            "leaf" => _server.Lone,
            _ => _server.Rooted,
        };
        if (scheme is "no scheme" or "http")
            port = _server.Plain;
        string host = byName ? "kube.oracle.test" : Any("127.0.0.1", "localhost");
        Line(
            cluster,
            "server",
            scheme switch
            {
                "no scheme" => $"{host}:{port}",
                "with path" => $"https://{host}:{port}/",
                "capital letters" => $"HTTPS://{host.ToUpperInvariant()}:{port}",
                "http" => $"http://{host}:{port}",
                "empty" => "",
                "garbage" => "https://[::1",
                _ => $"https://{host}:{port}",
            }
        );
        Authority(cluster, trust);
        if (name != "none")
            Line(
                cluster,
                "tls-server-name",
                name switch
                {
                    "localhost" => "localhost",
                    "wildcard" => "a.wild.oracle.test",
                    _ => "other.test",
                }
            );
        Proxy(cluster, proxy, host);
        var user = new StringBuilder();
        Identity(user, _choices["identity"]);
        As(user, _choices["as"]);
        Layout(cluster.ToString(), user.ToString());
    }

    private void Authority(StringBuilder cluster, string trust)
    {
        string root = _pki.Root.ExportCertificatePem(),
            intermediate = _pki.Intermediate.ExportCertificatePem(),
            stranger = _pki.Stranger.ExportCertificatePem();
        switch (trust)
        {
            case "root file":
                Line(cluster, "certificate-authority", FileOf("ca.crt", root));
                break;
            case "missing file":
                Line(cluster, "certificate-authority", "pki/absent.crt");
                break;
            case "both":
                Line(cluster, "certificate-authority", FileOf("ca.crt", root));
                Line(cluster, "certificate-authority-data", Base64(root));
                break;
            case "none":
                break;
            case "insecure":
                cluster.Append("    insecure-skip-tls-verify: ").Append(Any("true", "yes", "on")).Append('\n');
                break;
            default:
                Line(
                    cluster,
                    "certificate-authority-data",
                    Base64(
                        trust switch
                        {
                            "root bundle" => root + "\n" + intermediate + "\n" + stranger,
                            "stranger first" => stranger,
                            "intermediate" or "intermediate, leaf sent alone" => intermediate,
                            "leaf" => _pki.Lone.ExportCertificatePem(),
                            "stranger" => stranger,
                            "garbage" => "not PEM",
                            "data with text around" => "subject: a CA\n" + root + "\nand more\n",
                            _ => root,
                        }
                    )
                );
                break;
        }
    }

    private void Proxy(StringBuilder cluster, string proxy, string host)
    {
        switch (proxy)
        {
            case "http":
                Line(cluster, "proxy-url", $"http://127.0.0.1:{_server.HttpProxy}");
                break;
            case "with password":
                Line(cluster, "proxy-url", $"http://some%40one:pass%3Aword@127.0.0.1:{_server.HttpProxy}");
                break;
            case "socks5":
                Line(cluster, "proxy-url", $"socks5://127.0.0.1:{_server.SocksProxy}");
                break;
            case "ftp":
                Line(cluster, "proxy-url", "ftp://127.0.0.1:21");
                break;
            case "nobody there":
                Line(cluster, "proxy-url", "http://127.0.0.1:1");
                break;
            case "HTTPS_PROXY":
                Variables[Any("HTTPS_PROXY", "https_proxy")] = $"http://127.0.0.1:{_server.HttpProxy}";
                Variables["NO_PROXY"] = Any(
                    "other.test",
                    "10.0.0.0/8, .kube.oracle.test",
                    "oracle.tes",
                    "kube.oracle.test:1"
                );
                break;
            case "HTTPS_PROXY without scheme":
                Variables["HTTPS_PROXY"] = $"127.0.0.1:{_server.HttpProxy}";
                break;
            case "NO_PROXY":
                // Loopback is never asked of a proxy, and no exemption can be needed for it.
                Variables["HTTPS_PROXY"] = "http://127.0.0.1:1";
                Variables["NO_PROXY"] = Any("", "*", host);
                break;
        }
    }

    private void Identity(StringBuilder user, string kind)
    {
        string certificate = _pki.Client.ExportCertificatePem(),
            key = OraclePki.KeyPem(_pki.Client);
        switch (kind)
        {
            case "token":
                Line(user, "token", "secret-of-token");
                break;
            case "number as token":
                user.Append("    token: 12345\n");
                break;
            case "token file":
                Line(user, "tokenFile", FileOf("token", "secret-of-file\n"));
                break;
            case "empty token file":
                Line(user, "tokenFile", FileOf("token", "\n"));
                break;
            case "missing token file":
                Line(user, "tokenFile", "absent/token");
                break;
            case "token and token file":
                Line(user, "token", "secret-of-token");
                Line(user, "tokenFile", FileOf("token", "secret-of-file"));
                break;
            case "basic" or "token and basic":
                Line(user, "username", "some:one");
                Line(user, "password", "pässword");
                if (kind != "basic")
                    Line(user, "token", "secret-of-token");
                break;
            case "certificate" or "cert without key" or "token and certificate" or "broken base64":
                Line(user, "client-certificate-data", kind == "broken base64" ? "%%%" : Base64(certificate));
                if (kind != "cert without key")
                    Line(user, "client-key-data", Base64(key));
                if (kind == "token and certificate")
                    Line(user, "token", "secret-of-token");
                break;
            case "rsa":
                Line(user, "client-certificate-data", Base64(_pki.RsaClient.ExportCertificatePem()));
                Line(user, "client-key-data", Base64(OraclePki.KeyPem(_pki.RsaClient)));
                break;
            case "other key":
                Line(user, "client-certificate-data", Base64(certificate));
                Line(user, "client-key-data", Base64(OraclePki.KeyPem(_pki.Server)));
                break;
            case "cert data, key file":
                Line(user, "client-certificate-data", Base64(certificate));
                Line(user, "client-key", FileOf("client.key", key));
                break;
            case "cert file, key data":
                Line(user, "client-certificate", FileOf("client.crt", certificate));
                Line(user, "client-key-data", Base64(key));
                break;
            case "cert twice":
                Line(user, "client-certificate", FileOf("client.crt", certificate));
                Line(user, "client-certificate-data", Base64(certificate));
                Line(user, "client-key-data", Base64(key));
                break;
            case "one file for both":
                string both = FileOf("both.pem", certificate + "\n" + key + "\n");
                Line(user, "client-certificate", both);
                Line(user, "client-key", both);
                break;
            case "oidc" or "oidc ended":
                Provider(user, "oidc", kind == "oidc" ? 3600 : -3600);
                break;
            case "azure" or "gcp":
                Provider(user, kind, 3600);
                break;
            case var exec when exec.StartsWith("exec", StringComparison.Ordinal):
                Exec(user, exec, certificate, key);
                break;
        }
    }

    private static void Provider(StringBuilder user, string name, int seconds)
    {
        long until = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + seconds;
        string token =
            Url("{\"alg\":\"RS256\"}")
            + "."
            + Url($"{{\"sub\":\"someone\",\"exp\":{until.ToString(CultureInfo.InvariantCulture)}}}")
            + ".c2ln";
        user.Append(
            CultureInfo.InvariantCulture,
            $"    auth-provider:\n      name: {name}\n      config:\n        idp-issuer-url: https://127.0.0.1:1\n        client-id: us\n        id-token: {token}\n"
        );

        static string Url(string text) => Base64(text).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    private void Exec(StringBuilder user, string kind, string certificate, string key)
    {
        string version =
            kind is "exec v1beta1" ? "v1beta1"
            : kind is "exec v1alpha1" ? "v1alpha1"
            : "v1";
        string status =
            kind == "exec certificate"
                ? $"\\\"clientCertificateData\\\":\\\"{certificate.Replace("\n", "\\\\n", StringComparison.Ordinal)}\\\",\\\"clientKeyData\\\":\\\"{key.Replace("\n", "\\\\n", StringComparison.Ordinal)}\\\""
                : "\\\"token\\\":\\\"secret-of-plugin\\\"";
        string answered = kind == "exec wrong version" ? "v1beta1" : version;
        string said = kind == "exec wrong kind" ? "Pod" : "ExecCredential";
        string script =
            "#!/bin/sh\n{ for a in \"$@\"; do printf '<%s>' \"$a\"; done; printf '\\n%s\\n%s %s\\n' \"$KUBERNETES_EXEC_INFO\" \"$GREETING\" \"$EMPTY\"; } >>\"$PLUGIN_LOG\"\n"
            + (kind == "exec fails" ? "echo one >&2; echo 'last words' >&2; exit 3\n" : "")
            + $"printf '%s' \"{{\\\"kind\\\":\\\"{said}\\\",\\\"apiVersion\\\":\\\"client.authentication.k8s.io/{answered}\\\",\\\"status\\\":{{{status}}}}}\"\n";
        string path = FileOf("my plugin.sh", script, executable: true);
        user.Append("    exec:\n");
        Line(user, "  apiVersion", $"client.authentication.k8s.io/{version}");
        if (kind != "exec without command")
            Line(user, "  command", kind == "exec absent" ? "no-such-program-anywhere" : path);
        user.Append("      args: [\"a b\", \"\", 'it''s', '\"q\"', \"$HOME\", \"-x=ä\"]\n");
        user.Append("      env:\n      - {name: PLUGIN_LOG, value: \"")
            .Append(PluginLog)
            .Append("\"}\n      - {name: GREETING, value: \"good day\"}\n      - {name: EMPTY, value: \"\"}\n");
        if (_random.Next(2) == 0)
            user.Append("      provideClusterInfo: true\n");
        if (kind is not ("exec without mode" or "exec v1beta1"))
            Line(user, "  interactiveMode", kind == "exec always" ? "Always" : Any("Never", "IfAvailable"));
    }

    private static void As(StringBuilder user, string who)
    {
        if (who is "nobody")
            return;
        if (who != "groups without user")
            Line(user, "as", "jane@example.org");
        if (who is not "user")
            user.Append("    as-groups: [\"one, two\", \"system:masters\", \"three\"]\n");
        if (who == "all")
            user.Append(
                "    as-uid: \"0a1b\"\n    as-user-extra:\n      scopes: [view, \"ed it\"]\n      example.org/Team: [x]\n"
            );
    }

    private void Layout(string cluster, string user)
    {
        string layout = _choices["layout"],
            spelling = _choices["names"];
        string name = spelling switch
        {
            "blanks" => "our  home @ lab",
            "unicode" => "küche",
            _ => "Home",
        };
        string current = spelling == "wrong case" ? "home" : name;
        string decoy =
            spelling == "two cases" ? Entry("home", "    server: https://127.0.0.1:1\n", "    token: wrong\n") : "";
        string q = $"'{name}'";
        string clusters = $"clusters:\n- name: {(spelling == "anchors" ? "&n " : "")}{q}\n  cluster:\n{cluster}";
        string users = $"users:\n- name: {q}\n  user:\n{(user.Length == 0 ? "    {}\n" : user)}";
        string reference = spelling == "anchors" ? "*n" : q;
        string contexts =
            $"contexts:\n- name: {q}\n  context:\n    cluster: {(layout == "no such cluster" ? "absent" : layout == "a list" ? q : reference)}\n    user: {(layout == "no such user" ? "absent" : q)}\n    namespace: x\n";
        string which =
            layout == "no current context"
                ? ""
                : $"current-context: '{(layout == "no such context" ? "absent" : current)}'\n";
        string head = layout switch
        {
            "wrong kind" => "kind: Pod\napiVersion: v1\n",
            "wrong version" => "kind: Config\napiVersion: v2\n",
            _ => "apiVersion: v1\nkind: Config\npreferences: {}\n",
        };
        string file = Path.Combine(Directory.CreateDirectory(Conf).FullName, "config");
        if (layout == "a list" && spelling != "anchors")
        {
            // References between the files; a later file has other values of the same names, which must lose.
            string second = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "second")).FullName, "config");
            File.WriteAllText(file, head + clusters + users);
            File.WriteAllText(
                second,
                head + which + contexts + "clusters:\n- name: 'Home'\n  cluster: {server: \"https://127.0.0.1:1\"}\n"
            );
            Variables["KUBECONFIG"] = $"{file}:{second}:{file}";
        }
        else if (layout == "empty files between")
        {
            string[] empty =
            [
                .. new[] { "", "---\n", "\n# nothing\n", "{}\n" }.Select((text, i) => Written($"empty-{i}", text)),
            ];
            File.WriteAllText(file, head + which + clusters + users + contexts);
            Variables["KUBECONFIG"] = $"{empty[0]}::{empty[1]}:{_folder}/absent:{file}:{empty[2]}:{empty[3]}";
        }
        else
        {
            string text = head + which + clusters + users + contexts;
            File.WriteAllText(
                file,
                layout switch
                {
                    "duplicate" => text.Replace(
                        "users:\n",
                        "users:\n- {name: " + q + ", user: {}}\n",
                        StringComparison.Ordinal
                    ),
                    "tabs" => text.Replace("  cluster:", "\tcluster:", StringComparison.Ordinal),
                    "text" => "just text\n",
                    "json" when spelling != "anchors" => Json(text),
                    _ => text,
                }
            );
            Variables["KUBECONFIG"] = file;
        }

        if (decoy.Length > 0)
            Variables["KUBECONFIG"] += ":" + Written("decoy", head + decoy);
    }

    private static string Json(string yaml)
    {
        object? tree = new YamlDotNet.Serialization.DeserializerBuilder()
            .WithAttemptingUnquotedStringTypeDeserialization()
            .Build()
            .Deserialize<object>(yaml);
        // Indented with tabs, which JSON allows and YAML does not.
        return new YamlDotNet.Serialization.SerializerBuilder()
            .JsonCompatible()
            .Build()
            .Serialize(tree!)
            .Replace("{\"", "{\n\t\"", StringComparison.Ordinal);
    }

    private static string Entry(string name, string cluster, string user) =>
        $"clusters:\n- name: {name}\n  cluster:\n{cluster}users:\n- name: {name}\n  user:\n{user}contexts:\n- name: {name}\n  context: {{cluster: {name}, user: {name}}}\n";

    private string Written(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Writes a file and gives its path: absolute, or relative to the kubeconfig's folder.</summary>
    private string FileOf(string name, string text, bool executable = false)
    {
        string folder = Directory.CreateDirectory(Path.Combine(Conf, "pki")).FullName;
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        if (executable && !OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return Any(path, $"pki/{name}", $"./pki/../pki/{name}");
    }

    private string Any(params string[] of) => of[_random.Next(of.Length)];

    private static void Line(StringBuilder text, string key, string value) =>
        text.Append("    ")
            .Append(key.StartsWith(' ') ? "  " + key.Trim() : key)
            .Append(": \"")
            .Append(value)
            .Append("\"\n");

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
