using System.Text;
using System.Text.Json;

namespace TalosTailscale.Core.Kubernetes;

/// <summary>
/// The sign-ins that were built into clients before plugins: of OpenID Connect the id-token that is in the kubeconfig is
/// taken while it is valid; renewing it is for kubectl, which writes it back. Kubernetes has removed all others.
/// </summary>
internal static class AuthProviderToken
{
    private const string OpenId = "oidc";
    private static readonly TimeSpan s_margin = TimeSpan.FromSeconds(10);

    internal static void Check(KubeconfigAuthProvider provider, string user, string source)
    {
        if (provider.Name != OpenId)
        {
            var plugin = provider.Name switch
            {
                "azure" => "kubelogin",
                "gcp" => "gke-gcloud-auth-plugin",
                _ => "the provider's plugin",
            };
            throw KubernetesErrors.KubeconfigSignInUnsupported.New(
                $"The user '{user}' of the kubeconfig '{source}' signs in by the auth-provider '{provider.Name}', which Kubernetes has removed.",
                source,
                recommendedAction: $"Make the kubeconfig anew so that it runs {plugin} by 'exec', or give another one with -KubeConfig."
            );
        }
    }

    /// <summary>The token of an OpenID Connect provider.</summary>
    internal static string Of(KubeconfigAuthProvider provider, string user, string source, DateTimeOffset now)
    {
        provider.Config.TryGetValue("id-token", out string? token);
        if (token is { Length: > 0 } && Expires(token) is { } until && until - s_margin > now)
            return token;
        throw KubernetesErrors.KubeconfigSignInUnsupported.New(
            $"The user '{user}' of the kubeconfig '{source}' has no valid id-token"
                + (token is { Length: > 0 } && Expires(token) is { } ended ? $": it expired at {ended:u}." : "."),
            source,
            recommendedAction: "Run 'kubectl get nodes' once with that kubeconfig: it renews the token and writes it there."
        );
    }

    private static DateTimeOffset? Expires(string token)
    {
        try
        {
            string body = token.Split('.')[1].Replace('-', '+').Replace('_', '/');
            byte[] json = Convert.FromBase64String(body.PadRight((body.Length + 3) / 4 * 4, '='));
            using var claims = JsonDocument.Parse(Encoding.UTF8.GetString(json));
            return DateTimeOffset.FromUnixTimeSeconds((long)claims.RootElement.GetProperty("exp").GetDouble());
        }
        catch (Exception e)
            when (e
                    is JsonException
                        or FormatException
                        or IndexOutOfRangeException
                        or KeyNotFoundException
                        or InvalidOperationException
                        or ArgumentException
                        or OverflowException
            )
        {
            // No token that says when it ends: not one to send.
            return null;
        }
    }
}
