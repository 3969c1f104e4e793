using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Tailnet;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>What a plugin answered: a token, a certificate with its key as PEM, or both; and when it ends.</summary>
internal sealed record PluginCredential(string Token, string Certificate, string Key, DateTimeOffset? Until);

/// <summary>
/// The program that a kubeconfig names for credentials (client.authentication.k8s.io). It runs once for a connection, again
/// when what it gave has ended or the server no longer takes it, and is ended with its children when the caller stops.
/// </summary>
internal sealed class ExecPlugin : IDisposable
{
    internal const string V1 = "client.authentication.k8s.io/v1";
    internal const string V1Beta1 = "client.authentication.k8s.io/v1beta1";
    private const string Kind = "ExecCredential";
    private const string InfoVariable = "KUBERNETES_EXEC_INFO";
    private const int MaximumLine = 300;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_patienceWithPeople = TimeSpan.FromMinutes(15);

    private readonly KubeconfigPlugin _plugin;
    private readonly KubeconfigCluster _cluster;
    private readonly string _source;
    private readonly SemaphoreSlim _running = new(1, 1);
    private volatile PluginCredential? _last;

    internal ExecPlugin(KubeconfigPlugin plugin, KubeconfigCluster cluster, string source)
    {
        _plugin = plugin;
        _cluster = cluster;
        _source = source;
    }

    /// <summary>Whether somebody sits at a terminal whom it may ask.</summary>
    internal bool HasTerminal { get; init; } = !Console.IsInputRedirected && !Console.IsErrorRedirected;

    /// <summary>What it gave last; null before the first run.</summary>
    internal PluginCredential? Last => _last;

    /// <summary>The credential, from the last run while it is valid.</summary>
    /// <param name="refused">One that the server did not take; null for none.</param>
    /// <param name="cancellationToken">Cancels, and ends the program.</param>
    /// <exception cref="TsException">KubeconfigPluginFailed.</exception>
    internal async Task<PluginCredential> GetAsync(PluginCredential? refused, CancellationToken cancellationToken)
    {
        if (IsGood(_last, refused))
            return _last!;
        await _running.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!IsGood(_last, refused))
                _last = await RunAsync(cancellationToken).ConfigureAwait(false);
            return _last!;
        }
        finally
        {
            _running.Release();
        }
    }

    public void Dispose() => _running.Dispose();

    private static bool IsGood(PluginCredential? known, PluginCredential? refused) =>
        known is not null && !ReferenceEquals(known, refused) && !(known.Until < DateTimeOffset.UtcNow);

    private async Task<PluginCredential> RunAsync(CancellationToken cancellationToken)
    {
        bool mayAsk = HasTerminal && _plugin.InteractiveMode != "Never";
        if (_plugin.InteractiveMode == "Always" && !HasTerminal)
            throw Failed(
                "asks at a terminal ('interactiveMode: Always'), and there is none",
                hint: "Run the command at a terminal."
            );
        // As Go: a path is one, a name is looked for on the PATH alone.
        bool isPath = _plugin.Command.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal);
        string? program = isPath ? _plugin.Command : ExternalProgram.Find(_plugin.Command);
        if (program is null || !File.Exists(program))
            throw Failed($"is not {(isPath ? "there" : "on the PATH")}", hint: InstallHint());
        ExternalProgramResult result = await ExternalProgram
            .RunAsync(
                program,
                _plugin.Arguments,
                null,
                mayAsk ? s_patienceWithPeople : s_patience,
                cancellationToken,
                [.. _plugin.Environment, KeyValuePair.Create(InfoVariable, Request(mayAsk))],
                mayAsk
            )
            .ConfigureAwait(false);
        if (result.TimedOut)
            throw Failed($"gave no answer within {(mayAsk ? s_patienceWithPeople : s_patience).TotalMinutes:0} min");
        if (result.ExitCode != 0)
            throw Failed(
                result.ExitCode < 0
                    ? $"could not be started: {Line(result.Error)}"
                    : $"ended with exit code {result.ExitCode}"
                        + (Line(result.Error) is { Length: > 0 } said ? $": {said}" : ""),
                hint: result.ExitCode is < 0 or 127 ? InstallHint() : null
            );
        return Answer(result.Output);
    }

    /// <summary>What the program is told in its environment.</summary>
    internal string Request(bool interactive)
    {
        var spec = new JsonObject { ["interactive"] = interactive };
        if (_plugin.ProvideClusterInfo)
        {
            byte[] authority = KubernetesFiles.Read(_cluster.AuthorityFile, _cluster.AuthorityData, _source);
            var cluster = new JsonObject { ["server"] = _cluster.Server };
            if (_cluster.TlsServerName.Length > 0)
                cluster["tls-server-name"] = _cluster.TlsServerName;
            if (authority.Length > 0)
                cluster["certificate-authority-data"] = Convert.ToBase64String(authority);
            if (_cluster.ProxyUrl.Length > 0)
                cluster["proxy-url"] = _cluster.ProxyUrl;
            cluster["config"] = _cluster.PluginConfig?.DeepClone();
            spec["cluster"] = cluster;
        }

        return new JsonObject
        {
            ["kind"] = Kind,
            ["apiVersion"] = _plugin.ApiVersion,
            ["spec"] = spec,
        }.ToJsonString();
    }

    /// <summary>Reads what the program wrote to standard output.</summary>
    internal PluginCredential Answer(string output)
    {
        try
        {
            using var document = JsonDocument.Parse(output);
            JsonElement root = document.RootElement;
            (string kind, string version) = (Text(root, "kind"), Text(root, "apiVersion"));
            if (kind != Kind)
                throw Failed($"answered with a '{Line(kind)}', expected an '{Kind}'");
            if (version != _plugin.ApiVersion)
                throw Failed($"answered in '{Line(version)}', expected '{_plugin.ApiVersion}' as the kubeconfig says");
            if (!root.TryGetProperty("status", out JsonElement status) || status.ValueKind != JsonValueKind.Object)
                throw Failed("answered without a 'status'");
            var credential = new PluginCredential(
                Text(status, "token"),
                Text(status, "clientCertificateData"),
                Text(status, "clientKeyData"),
                Until(Text(status, "expirationTimestamp"))
            );
            if (credential is { Token: "", Certificate: "", Key: "" })
                throw Failed("answered with neither a token nor a certificate");
            if (credential.Certificate.Length == 0 != (credential.Key.Length == 0))
                throw Failed("answered with only one of certificate and key");
            return credential;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The parser's words would quote the answer, which holds the secret.
            throw Failed("did not answer with JSON of an 'ExecCredential' on its standard output");
        }
    }

    private DateTimeOffset? Until(string text) =>
        text.Length == 0 ? null
        : DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out DateTimeOffset until
        )
            ? until
        : throw Failed("answered with an 'expirationTimestamp' that is no date");

    private static string Text(JsonElement element, string key) =>
        element.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value.GetString() ?? ""
            : "";

    // The last line is the reason as a rule; what is before it may be a stack trace.
    private static string Line(string text)
    {
        string last = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .LastOrDefault("");
        return PrintableText.Line(last.Length > MaximumLine ? last[..MaximumLine] + "…" : last).TrimEnd('.');
    }

    private string? InstallHint() =>
        string.IsNullOrWhiteSpace(_plugin.InstallHint) ? null : PrintableText.Clean(_plugin.InstallHint.Trim());

    private TsException Failed(string what, string? hint = null) =>
        KubernetesErrors.KubeconfigPluginFailed.New(
            $"The program '{_plugin.Command}', which the kubeconfig '{_source}' names for credentials, {what}.",
            _source,
            recommendedAction: hint
        );
}
