package org.elasticsearch.xpack.security;

import java.util.List;
import org.elasticsearch.action.*;
import org.elasticsearch.common.settings.Settings;

/** Security without SAML, whose libraries (OpenSAML 4.3) are not on Central. */
public class NoSaml extends Security {
    public NoSaml(Settings settings) { super(settings); }
    @Override public List<ActionHandler<? extends ActionRequest, ? extends ActionResponse>> getActions() {
        return super.getActions().stream().filter(a -> !a.getTransportAction().getSimpleName().contains("Saml")).toList();
    }
}
