namespace TalosTailscale.Core.Tailnet;

/// <summary>What can go wrong with auth keys, the extension's configuration and the tailnet itself.</summary>
public static class TailnetErrors
{
    /// <summary>A reference to a key that is not of a known form.</summary>
    public static readonly TsError AuthKeyReferenceInvalid = new(
        "AuthKeyReferenceInvalid",
        TsErrorCategory.InvalidArgument,
        "An auth key reference is not of a known form, or is a key itself.",
        "Use env:NAME, file:PATH, op://vault/item/field, vault:NAME or tailscale:, or give the key as a SecureString by -AuthKey."
    );

    /// <summary>tailscaled would cut the node off from its LAN.</summary>
    public static readonly TsError LanInTailnetRange = new(
        "LanInTailnetRange",
        TsErrorCategory.SecurityError,
        "The node's LAN lies in 100.64.0.0/10, and tailscaled drops what comes from there by another link than its own: the node would be cut off.",
        "Add --netfilter-mode=nodivert (or off) to TS_EXTRA_ARGS in the node's template. The other way is the node attribute disable-linux-cgnat-drop-rule in the tailnet's policy, which the extension understands from 1.98.0 on (Talos 1.13.3); then go on with -SkipGate LanInTailnetRange (Invoke-UkiSwap) or -Force (the other cmdlets)."
    );

    /// <summary>The place that a reference names holds nothing.</summary>
    public static readonly TsError AuthKeyNotFound = new(
        "AuthKeyNotFound",
        TsErrorCategory.ObjectNotFound,
        "The variable, file, vault or item that an auth key reference names holds no key.",
        "Check the name, and that the vault is unlocked."
    );

    /// <summary>The key cannot be used as TS_AUTHKEY.</summary>
    public static readonly TsError AuthKeyInvalid = new(
        "AuthKeyInvalid",
        TsErrorCategory.InvalidArgument,
        "The value is not a key that tailscale can log in with.",
        "Make an auth key (tskey-auth-…) or an OAuth client secret (tskey-client-…) in the admin console, or use New-TailnetAuthKey."
    );

    /// <summary>The 1Password CLI is missing or refused.</summary>
    public static readonly TsError OnePasswordFailed = new(
        "OnePasswordFailed",
        TsErrorCategory.ResourceUnavailable,
        "The 1Password CLI 'op' is not installed, not signed in, or has no such item.",
        "Install op and sign in (op signin), or use another kind of reference."
    );

    /// <summary>The template lacks the placeholder.</summary>
    public static readonly TsError TemplatePlaceholderMissing = new(
        "TemplatePlaceholderMissing",
        TsErrorCategory.InvalidData,
        "The template does not say where the key goes, or says it more than once.",
        "Put the entry TS_AUTHKEY=${TAILSCALE_AUTHKEY} into the template's environment, once."
    );

    /// <summary>The template is not an ExtensionServiceConfig.</summary>
    public static readonly TsError TemplateInvalid = new(
        "TemplateInvalid",
        TsErrorCategory.InvalidData,
        "The template is not one ExtensionServiceConfig document named tailscale.",
        "Correct the template; it has apiVersion: v1alpha1, kind: ExtensionServiceConfig, name: tailscale and environment."
    );

    /// <summary>A template was asked for that is not there.</summary>
    public static readonly TsError TemplateNotFound = new(
        "TemplateNotFound",
        TsErrorCategory.ObjectNotFound,
        "The template file does not exist.",
        "Give -TemplatePath, or -NoTemplate to render without one."
    );

    /// <summary>Containerboot or tailscale would refuse the settings.</summary>
    public static readonly TsError ExtensionServiceInvalid = new(
        "ExtensionServiceInvalid",
        TsErrorCategory.InvalidArgument,
        "Tailscale's container would refuse the settings at its start.",
        "Correct the setting that the message names."
    );

    /// <summary>Whether git would take the rendered file into a commit is not known.</summary>
    public static readonly TsError GitCheckFailed = new(
        "GitCheckFailed",
        TsErrorCategory.SecurityError,
        "A rendered file lies in a git work tree, and git could not say whether it ignores the file.",
        "Install git, or repair what it says; or give -OutputPath outside of the work tree, or -Force after a look at its .gitignore."
    );

    /// <summary>Git would take the rendered file into a commit.</summary>
    public static readonly TsError RenderedFileNotIgnored = new(
        "RenderedFileNotIgnored",
        TsErrorCategory.SecurityError,
        "The rendered file holds a key and git does not ignore it.",
        "Add the file's name to .gitignore (and take it out of the index with git rm --cached), or use -Force."
    );

    /// <summary>The rendered file could not be written.</summary>
    public static readonly TsError RenderedFileNotWritten = new(
        "RenderedFileNotWritten",
        TsErrorCategory.WriteError,
        "The rendered file could not be written.",
        "Check the folder's permissions and the free space."
    );

    /// <summary>The tailnet API or the local tailscaled could not be reached.</summary>
    public static readonly TsError TailnetUnreachable = new(
        "TailnetUnreachable",
        TsErrorCategory.ConnectionError,
        "The tailnet API or the local tailscaled could not be reached.",
        "Check the network, -ApiUri or -Socket, and that tailscaled runs."
    );

    /// <summary>The tailnet API does not accept the credential.</summary>
    public static readonly TsError TailnetUnauthorized = new(
        "TailnetUnauthorized",
        TsErrorCategory.AuthenticationError,
        "The tailnet API does not accept the token or the OAuth client.",
        "Make a new API token or OAuth client in the admin console; tokens live 90 days at most."
    );

    /// <summary>The credential lacks a scope.</summary>
    public static readonly TsError TailnetForbidden = new(
        "TailnetForbidden",
        TsErrorCategory.PermissionDenied,
        "The token or OAuth client lacks the scope, or may not give out the tags.",
        "Give the OAuth client the scopes auth_keys and devices:core and the tags that it is to hand out."
    );

    /// <summary>No credential was given.</summary>
    public static readonly TsError TailnetCredentialMissing = new(
        "TailnetCredentialMissing",
        TsErrorCategory.AuthenticationError,
        "The tailnet API needs a token or an OAuth client and none was given.",
        "Give -ApiToken, or -OAuthClient, or set TAILSCALE_API_KEY or TAILSCALE_OAUTH_CLIENT_ID and TAILSCALE_OAUTH_CLIENT_SECRET."
    );

    /// <summary>The API said something unexpected.</summary>
    public static readonly TsError TailnetRequestFailed = new(
        "TailnetRequestFailed",
        TsErrorCategory.ProtocolError,
        "The tailnet API or the local tailscaled gave an error or an answer that could not be read.",
        "Read what it said in the message."
    );

    /// <summary>A device was named that the tailnet does not have.</summary>
    public static readonly TsError TailnetDeviceNotFound = new(
        "TailnetDeviceNotFound",
        TsErrorCategory.ObjectNotFound,
        "The tailnet has no such device.",
        "Use a name or id that Get-TailnetDevice lists."
    );

    /// <summary>The address of the API is not acceptable.</summary>
    public static readonly TsError TailnetUriInvalid = new(
        "TailnetUriInvalid",
        TsErrorCategory.InvalidArgument,
        "The address of the tailnet API is not an https address.",
        "Give an https:// address; http:// is accepted for loopback only."
    );
}
