using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// Says with every request who asks and for whom: API calls, watches and exec streams all pass here. TLS is the business of
/// the connection below, so what goes on is plain HTTP to it.
/// </summary>
internal sealed class KubernetesIdentity : DelegatingHandler
{
    private readonly KubeconfigUser _user;
    private readonly string _source;
    private readonly string _host;
    private readonly string _userAgent;

    internal KubernetesIdentity(KubeconfigChoice choice, Uri server, string source, string userAgent)
    {
        _user = choice.User;
        _source = source;
        _userAgent = userAgent;
        _host = server.IsDefaultPort ? server.Host : server.Authority;
        Plugin = _user.Plugin is { } plugin ? new ExecPlugin(plugin, choice.Cluster, source) : null;
    }

    internal ExecPlugin? Plugin { get; }

    /// <summary>Has the credentials ready, so that no request's deadline is spent on a program or a person.</summary>
    internal Task PrepareAsync(CancellationToken cancellationToken) =>
        Plugin is null || HasOwnToken ? Task.CompletedTask : Plugin.GetAsync(null, cancellationToken);

    /// <summary>The credential that is sent besides a certificate, as the value of the header Authorization; null for none.</summary>
    internal string? Authorization(PluginCredential? given)
    {
        if (_user.Username.Length > 0 || _user.Password.Length > 0)
            return "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{_user.Username}:{_user.Password}"));
        string token =
            Token() is { Length: > 0 } own ? own
            : _user.AuthProvider is { } provider
                ? AuthProviderToken.Of(provider, _user.Name, _source, DateTimeOffset.UtcNow)
            : given?.Token ?? "";
        if (token.Any(c => c is < ' ' or > '~'))
            throw KubernetesErrors.KubeconfigInvalid.New(
                $"The user '{_user.Name}' of the kubeconfig '{_source}' has a token with characters that no token has.",
                _source
            );
        return token.Length == 0 ? null : "Bearer " + token;
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        PluginCredential? given =
            Plugin is null || HasOwnToken ? null : await Plugin.GetAsync(null, cancellationToken).ConfigureAwait(false);
        Address(request);
        Sign(request, given);
        HttpResponseMessage answer = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (answer.StatusCode != HttpStatusCode.Unauthorized || given is null)
            return answer;
        // It may have been withdrawn: a new one is had at once, and what changes nothing is asked again.
        given = await Plugin!.GetAsync(given, cancellationToken).ConfigureAwait(false);
        if (request.Method != HttpMethod.Get)
            return answer;
        answer.Dispose();
        Sign(request, given);
        return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            Plugin?.Dispose();
        base.Dispose(disposing);
    }

    private bool HasOwnToken => _user.Token.Length > 0 || _user.TokenFile.Length > 0 || _user.Username.Length > 0;

    // Read each time: a token in a file is one that something renews. Where both are there the file wins, as in client-go.
    private string Token()
    {
        if (_user.TokenFile.Length == 0)
            return _user.Token;
        try
        {
            string text = File.ReadAllText(_user.TokenFile).Trim();
            if (text.Length > 0 || _user.Token.Length > 0)
                return text.Length > 0 ? text : _user.Token;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (_user.Token.Length > 0)
                return _user.Token;
            throw KubernetesErrors.KubeconfigInvalid.New(
                $"The token file '{_user.TokenFile}' of the kubeconfig '{_source}' cannot be read: {e.Message}",
                _source,
                e
            );
        }

        throw KubernetesErrors.KubeconfigInvalid.New(
            $"The token file '{_user.TokenFile}' of the kubeconfig '{_source}' is empty.",
            _source
        );
    }

    private void Address(HttpRequestMessage request)
    {
        request.RequestUri = KubernetesWire.Plain(request.RequestUri!);
        request.Headers.Host = _host;
        if (request.Headers.UserAgent.Count == 0)
            request.Headers.TryAddWithoutValidation("User-Agent", _userAgent);
    }

    private void Sign(HttpRequestMessage request, PluginCredential? given)
    {
        HttpRequestHeaders headers = request.Headers;
        headers.Remove("Authorization");
        if (Authorization(given) is { } value)
            headers.TryAddWithoutValidation("Authorization", value);
        foreach ((string name, IReadOnlyList<string> values) in ImpersonationHeaders.Of(_user.As))
        {
            headers.Remove(name);
            headers.TryAddWithoutValidation(name, RepeatedHeader.Join(name, values));
        }
    }
}
